exports.handler = (context, event) => {
  if (event.path === "/rejected") return Promise.reject(new TypeError("no stock"));
  throw new Error("no stock");
};
