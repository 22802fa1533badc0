/* What the page knows of the chat; everything on it is drawn from this. */

export const chat = {
  me: null, // the person's id
  group: false,
  messages: new Map(), // the Bot API's, by message_id
  readUpTo: 0, // the last message that the bot has seen
  waiting: new Set(), // the buttons that wait for the bot, as "message_id:row:column"
};

export const isOwn = (message) => message.from.id === chat.me;
