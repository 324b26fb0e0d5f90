const step = require("./lib/step");
let count = 0;

module.exports = {
  counter: () => (count += step),
};
