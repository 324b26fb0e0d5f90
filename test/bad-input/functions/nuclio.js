/** Under /hang it never answers; else it answers with what `name` of a JSON body is. */
exports.handler = (context, event) => {
  if (event.path === "/hang") return;
  const isJson = event.content_type === "application/json";
  context.callback(isJson ? JSON.parse(event.body).name : "served");
};
