const eventType = "sap.kyma.custom.acme.payload.sanitised.v1";
const eventSource = "kyma";

module.exports = {
  main: async function (event) {
    const sanitised = { id: event.data.id };
    return event
      .emitCloudEvent(eventType, eventSource, sanitised, { eventtypeversion: "v1" })
      .then(() => "Event sent")
      .catch((error) => {
        console.error(error);
        return "Event not sent";
      });
  },
};
