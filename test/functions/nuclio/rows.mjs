export async function* handler(context, event) {
  for (let row = 1; row <= 3; row++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    yield `${event.method} ${row}\n`;
  }
}
