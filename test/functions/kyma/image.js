module.exports = {
  main(event) {
    event.setResponseContentType(".png");
    event.extensions.response.end(event.data);
  },
};
