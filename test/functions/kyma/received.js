module.exports = {
  main(event) {
    const names = Object.keys(event).filter((name) => name.startsWith("ce-"));
    return { data: event.data, ...Object.fromEntries(names.map((name) => [name, event[name]])) };
  },
};
