const { createHash } = require("crypto");

module.exports = {
  binary(event) {
    const { request, response } = event.extensions;
    const chunks = [];
    return new Promise((resolve, reject) => {
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("error", reject);
      request.on("end", () => {
        const body = Buffer.concat(chunks);
        response.set("X-SHA256", createHash("sha256").update(body).digest("hex"));
        response.type("png").send(body);
        resolve();
      });
    });
  },
};
