module.exports = {
  hello: (_event, _context) => "hello world!",
};
