module.exports = {
  greet: (event, _context) => ({ hello: event.data.name }),
};
