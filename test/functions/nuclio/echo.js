exports.handler = (context, { method, path, fields, headers, body, size, content_type: contentType }) => ({
  method,
  path,
  fields,
  name: headers["X-Name"],
  body: body.toString(),
  size,
  contentType,
});
