const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

module.exports = {
  async later(event) {
    await wait(Number(event.extensions.request.query.ms ?? 5));
    return "done";
  },
};
