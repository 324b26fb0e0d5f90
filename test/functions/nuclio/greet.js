exports.handler = (context, event) => context.callback(`Hello, ${event.body.toString()}!`);
