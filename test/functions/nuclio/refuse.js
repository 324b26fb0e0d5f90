exports.handler = (context) => [404, { error: "no such order" }];
