export default function hang(): Promise<Response> {
  return new Promise(() => {});
}
