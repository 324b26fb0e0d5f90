// A Kyma function as it is: a CloudEvent or a plain request comes in, what is returned goes out.
module.exports = {
  main: (event, context) => {
    const order = event.data;
    console.log(`${context["function-name"]} got ${event["ce-type"] ?? "a request"}`);
    if (typeof order?.id !== "number") {
      event.extensions.response.status(400);
      return { error: "an order has an id" };
    }
    return { ...order, accepted: true };
  },
};
