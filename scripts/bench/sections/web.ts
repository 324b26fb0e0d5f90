/** Section g: the http trigger beside web servers that do the same. */
import type { Section } from "../bench.ts";
import { encodeRequest } from "../http/request.ts";
import { bareBunServe, bottleOnCheroot, expressOnNode, processorWith } from "../web/contestants.ts";
import { describeWeb, measureWebServers, resultsOf, startWebServers } from "../web/measure.ts";
import { jsonRequest } from "../web/work.ts";

export const webServers: Section = {
  id: "g",
  title: "http trigger with one worker at saturation, 32 connections",
  async run(bench) {
    await using stack = new AsyncDisposableStack();
    const fetching = [processorWith("fetch", bench), bareBunServe()];
    const express = expressOnNode();
    const handlers = [processorWith("kubeless", bench), processorWith("nuclio", bench)];
    const bottle = bottleOnCheroot();
    const servers = await startWebServers([...fetching, ...express, ...handlers, bottle], bench, stack);
    const namesOf = (some: readonly { readonly name: string }[]): string[] => some.map(({ name }) => name);

    const json = await measureWebServers(servers, jsonRequest, "g: JSON", bench);
    // Hardly any work: what is left is what the server itself costs.
    const bare = servers.filter(({ name }) => namesOf(fetching).includes(name));
    const text = await measureWebServers(bare, encodeRequest(), "g: text", bench);

    const web = namesOf([...fetching, ...express]);
    const events = namesOf([...handlers, ...express, bottle]);
    return [
      {
        contestants: web,
        figures: [...describeWeb("JSON to JSON", resultsOf(json, web)), ...describeWeb("GET of a text", text)],
      },
      { contestants: events, figures: describeWeb("JSON to JSON", resultsOf(json, events)) },
    ];
  },
};
