/** The contestant: express, to be run on Node. Argument: port. */
import express from "express";

const app = express();
app.use(express.json());
app.post("/", (request, response) => {
  const { name } = request.body as { readonly name: string };
  response.json({ hello: name });
});
app.listen(Number(process.argv[2]), "127.0.0.1");
