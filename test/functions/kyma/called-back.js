module.exports = {
  main: function (event, context, callback) {
    if (event.data === "form") return callback("<p>thanks</p>", 202, { "Content-Type": "text/html" });
    callback(undefined, 403);
  },
};
