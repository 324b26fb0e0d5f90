/** Python sources, carried in the executable as text. */
declare module "*.py" {
  const text: string;
  export default text;
}
