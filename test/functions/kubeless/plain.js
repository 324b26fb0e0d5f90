module.exports = (event) => `method ${event.extensions.request.method}`;
