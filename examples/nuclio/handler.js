// A Nuclio function as it is: what it returns is the answer, context.callback works as well.
exports.initContext = (context) => {
  context.userData.startedAt = new Date();
};

exports.handler = async (context, event) => {
  context.logger.infoWith("called", { path: event.path });
  const name = event.fields.name;
  if (!name) return [400, { error: "who are you? ask with ?name=" }];
  const headers = { "x-started-at": context.userData.startedAt.toISOString() };
  return new context.Response(`hello ${name}`, headers, "text/plain", 200);
};
