/** Under /hang it never answers; else it answers with what `name` of a JSON body is. */
module.exports = {
  main(event, _context) {
    if (event.extensions.request.path === "/hang") return new Promise(() => {});
    return event.data?.name ?? "served";
  },
};
