module.exports = {
  main: function (event, context) {
    return `Hello World from the Kyma Function ${context["function-name"]} running on ${context.runtime}!`;
  },
};
