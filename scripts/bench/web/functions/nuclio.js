exports.handler = (context, event) => {
  const { name } = JSON.parse(event.body);
  context.callback({ hello: name });
};
