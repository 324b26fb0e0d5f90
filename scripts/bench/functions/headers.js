/** One header set each way, as a Digital Hub handler does it. */
const phases = { 1: "x-request-seen", 4: "x-response-seen" };

exports.handler = (context, event) => {
  const name = phases[event.headers["processing-phase"]];
  context.callback(new context.Response("", { [name]: "yes" }, "", 200));
};
