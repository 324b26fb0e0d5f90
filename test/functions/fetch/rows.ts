export default function rows(request: Request): Response {
  const encoder = new TextEncoder();
  let row = 0;
  return new Response(
    new ReadableStream({
      async pull(controller) {
        await Bun.sleep(1);
        if (++row <= 3) controller.enqueue(encoder.encode(`${request.method} ${row}\n`));
        else controller.close();
      },
    }),
    { headers: { "content-type": "text/csv" } },
  );
}
