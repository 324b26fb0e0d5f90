module.exports = {
  echo(event, context) {
    console.log(`event ${event["event-id"]} of type ${event["event-type"]}`);
    return { data: event.data, type: event["event-type"], namespace: event["event-namespace"], context };
  },
};
