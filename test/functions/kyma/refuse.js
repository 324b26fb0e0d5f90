module.exports = {
  main: async function (event) {
    if (event.data === undefined) throw "a body is needed";
    if (event.data.code !== 1) throw new Error(`code ${event.data.code}`);
    return "taken";
  },
};
