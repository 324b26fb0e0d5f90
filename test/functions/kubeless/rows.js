const { Readable } = require("stream");

module.exports = {
  rows(event) {
    const { response } = event.extensions;
    response.type("text/csv");
    const rows = Array.from({ length: 10000 }, (_, index) => `${index},row\n`);
    Readable.from(rows).pipe(response);
    return new Promise((resolve) => response.on("finish", resolve));
  },
};
