exports.handler = (context) => new context.Response("<p>hi</p>", { "Content-Type": "text/html" });
