exports.handler = (context) =>
  context.callback(new context.Response("created", { "X-Order": 7, "Set-Cookie": ["a=1", "b=2"] }, "text/html", 201));
