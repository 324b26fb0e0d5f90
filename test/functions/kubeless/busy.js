module.exports = {
  busy(event) {
    if (event.data === "loop") for (;;);
    return "free";
  },
};
