const computeFor = (ms) => {
  const end = Date.now() + ms;
  while (Date.now() < end);
};

module.exports = {
  async compute(event) {
    const { ms, after } = event.extensions.request.query;
    if (after === undefined) computeFor(Number(ms));
    await Promise.resolve();
    if (after !== undefined) computeFor(Number(ms));
    return `computed for ${ms} ms`;
  },
};
