module.exports = {
  broken(event) {
    const { order } = event.data;
    if (order === undefined) throw new Error("there is no order in it");
    if (order === "late") return Promise.reject(new Error("too late for this order"));
    return `order ${order}`;
  },
};
