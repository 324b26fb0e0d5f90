// As Nuclio's documentation writes handlers: the answer is given to a callback.
exports.handler = function (context, event) {
  context.logger.infoWith("called", { path: event.path });
  context.callback(
    new context.Response(event.body.toString().toUpperCase(), { "x-handled": "yes" }, "text/plain", 201),
  );
};
