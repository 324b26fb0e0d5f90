const sdk = require("sdk");

module.exports = {
  main: async function (req, res) {
    switch (req.path) {
      case "/event":
        return res.json(sdk.getCloudEvent(req));
      case "/emit": {
        const { status } = await sdk.emitCloudEvent("t", "s", 5);
        return res.status(202).send(`sent ${status}`);
      }
      case "/later":
        setTimeout(() => res.send("later"), 20);
        return "ignored";
      case "/never":
        return "ignored";
      case "/fail":
        throw new Error("secret");
      default: {
        const names = [sdk.getFunctionName(), sdk.getNamespace(), sdk.getRuntime()];
        res.json([...names, sdk.getTimeout(), sdk.getBodySizeLimit(), req.body]);
      }
    }
  },
};
