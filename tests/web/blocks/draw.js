// A list of lists of blocks, each what one message or dialog shows, from the standard input; as HTML, a list as well.
import { readFileSync } from "node:fs";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { Message } from "slack-blocks-to-jsx";

const { shown, users } = JSON.parse(readFileSync(0, "utf8"));
const drawn = shown.map((blocks) =>
  renderToStaticMarkup(createElement(Message, { blocks, data: { users }, name: "", showBlockKitDebug: false })),
);
process.stdout.write(JSON.stringify(drawn));
