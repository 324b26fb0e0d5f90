const http = require("http");

const get = (url) =>
  new Promise((resolve, reject) => {
    http.get(url, (response) => response.resume().on("end", () => resolve(response.statusCode))).on("error", reject);
  });

module.exports = {
  main: async function (event) {
    const span = event.tracer.startSpan("call-to-acme-service");
    const status = await get(process.env.ACME_URL);
    const again = await fetch(process.env.ACME_URL);
    span.end();
    return { status, again: again.status };
  },
};
