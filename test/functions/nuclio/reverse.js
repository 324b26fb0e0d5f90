exports.handler = (context, event) => context.callback(Buffer.from(event.body).reverse());
