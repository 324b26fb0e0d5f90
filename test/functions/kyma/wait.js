module.exports = {
  main: async function (event) {
    if (event.extensions.request.query.busy) for (;;);
    await new Promise((resolve) => setTimeout(resolve, Number(event.extensions.request.query.ms)));
    return "awake";
  },
};
