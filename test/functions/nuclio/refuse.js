exports.handler = () => [404, { error: "no such order" }];
