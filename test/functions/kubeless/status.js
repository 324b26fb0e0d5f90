module.exports = {
  status(event) {
    const { request, response } = event.extensions;
    switch (request.path) {
      case "/missing":
        response.status(404);
        return { error: "not found" };
      case "/elsewhere":
        response.redirect(301, "/here");
        return;
      case "/teapot":
        response.sendStatus(418);
        return "never seen";
      default:
        response.status(201).set("Location", `${request.originalUrl}/1`).cookie("seen", "yes", { httpOnly: true });
        return "made";
    }
  },
};
