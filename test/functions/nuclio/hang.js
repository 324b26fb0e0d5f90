exports.handler = (context) => {
  if (context === undefined) context.callback("never");
};
