exports.handler = (context, event) => {
  if (event.path === "/never") context.callback("never");
};
