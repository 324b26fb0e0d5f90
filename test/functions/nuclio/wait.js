exports.handler = async (context, event) => {
  await new Promise((resolve) => setTimeout(resolve, 20));
  context.logger.infoWith("waited", { ms: 20 });
  return `late: ${event.path}`;
};
