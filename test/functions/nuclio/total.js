exports.handler = (context, event) => {
  const { items } = JSON.parse(event.body);
  return { total: items.reduce((sum, { price }) => sum + price, 0), type: event.content_type };
};
