// The event that SocialHook delivers, version 1. Made from the JSON Schema beside it.

/** One normalised thing that happened on WhatsApp, Messenger or Instagram, as SocialHook delivers it. */
export type Event =
  | MessageReceivedEvent
  | MessageEchoEvent
  | MessageEditedEvent
  | MessageDeletedEvent
  | MessageReactionEvent
  | MessageSentEvent
  | MessageDeliveredEvent
  | MessageReadEvent
  | MessagePlayedEvent
  | MessageFailedEvent
  | MessageStatusEvent
  | ConversationReferralEvent
  | ConversationOptInEvent
  | ConversationOptOutEvent
  | ConversationHandoverEvent
  | ConversationLinkedEvent
  | ConversationUnlinkedEvent
  | ContactUpdatedEvent
  | CallConnectedEvent
  | CallTerminatedEvent
  | CallStatusEvent
  | CallPermissionEvent
  | CommentCreatedEvent
  | MentionCreatedEvent
  | FeedUpdatedEvent
  | LeadCreatedEvent
  | PaymentUpdatedEvent
  | ClickRecordedEvent
  | GroupUpdatedEvent
  | TemplateUpdatedEvent
  | ChannelUpdatedEvent
  | AccountUpdatedEvent
  | FlowUpdatedEvent
  | UnknownEvent;

/** What every event has. */
export interface EventBase {
  /** The same for every repeat, retry, replay and destination: the key to recognise a repeat by. Also sent as `webhook-id`. */
  id: string;
  /** The version of this contract. */
  version: 1;
  platform: Platform;
  /** Seconds since the epoch: when it happened at Meta. */
  timestamp: number;
  timestamp_source?: TimestampSource;
  /** The sender's address: E.164 on WhatsApp, or the business-scoped user id where the number is withheld; the scoped id on Messenger and Instagram. */
  from: string | null;
  /** The receiver's address; a group's id for group messages. */
  to: string | null;
  /** The same for all events of one channel with one customer, or in one group. */
  conversation_id: string | null;
  group_id?: string;
  contact: Contact | null;
  channel: Channel | null;
  /** Made by a Test button or the simulator. */
  test?: boolean;
  /** Old: it comes from the synchronisation of a number's history. Do not answer it. */
  backfill?: boolean;
  /** Another app owns the conversation. */
  standby?: boolean;
  /** An account wrote to itself. */
  self?: boolean;
  /** Meta's signature over the webhook was checked and fits. */
  signature_verified: boolean;
  /** The whole change or messaging element as Meta sent it, where the endpoint asks for it. */
  raw?: unknown;
  delivery: Delivery;
}

/** A customer wrote, tapped a button, filled in a form or ordered. */
export interface MessageReceivedEvent extends EventBase {
  event: "message.received";
  direction: "inbound";
  message: Message;
  data?: unknown;
}

/** The business itself sent a message elsewhere: in its phone app, Meta's inbox or another app. */
export interface MessageEchoEvent extends EventBase {
  event: "message.echo";
  direction: "outbound";
  message: Message;
  data?: unknown;
}

/** A message was edited. message.id is the edited message, message.body its new text; where Meta tells no text it is null and nothing is to be changed. */
export interface MessageEditedEvent extends EventBase {
  event: "message.edited";
  direction: "inbound" | "outbound";
  message: Message;
  edit: Edit;
  data?: unknown;
}

/** A message was withdrawn. message.id is the withdrawn one. */
export interface MessageDeletedEvent extends EventBase {
  event: "message.deleted";
  direction: "inbound" | "outbound";
  message: Message;
  data?: unknown;
}

/** A reaction to a message was added or removed. message.reaction.message_id is the message reacted to. */
export interface MessageReactionEvent extends EventBase {
  event: "message.reaction";
  direction: "inbound" | "outbound";
  message: Message;
  data?: unknown;
}

/** A message of the business left Meta for the customer. */
export interface MessageSentEvent extends EventBase {
  event: "message.sent";
  direction: "outbound";
  status: Status;
  data?: unknown;
}

/** A message of the business reached the customer's device. */
export interface MessageDeliveredEvent extends EventBase {
  event: "message.delivered";
  direction: "outbound";
  status: Status;
  data?: unknown;
}

/** The customer saw a message of the business. */
export interface MessageReadEvent extends EventBase {
  event: "message.read";
  direction: "outbound";
  status: Status;
  data?: unknown;
}

/** The customer played a voice message of the business. */
export interface MessagePlayedEvent extends EventBase {
  event: "message.played";
  direction: "outbound";
  status: Status;
  data?: unknown;
}

/** A message of the business will not arrive; status.errors says why. */
export interface MessageFailedEvent extends EventBase {
  event: "message.failed";
  direction: "outbound";
  status: Status;
  data?: unknown;
}

/** A message of the business has a status that has no event of its own, word for word in status.status. */
export interface MessageStatusEvent extends EventBase {
  event: "message.status";
  direction: "outbound";
  status: Status;
  data?: unknown;
}

/** A customer came back to a conversation through a link or an advertisement. */
export interface ConversationReferralEvent extends EventBase {
  event: "conversation.referral";
  direction: "inbound";
  referral: Referral;
  data: unknown;
}

/** A customer agreed to receive messages. */
export interface ConversationOptInEvent extends EventBase {
  event: "conversation.opt_in";
  direction: "inbound";
  data: unknown;
}

/** A customer asked for no more (marketing) messages. */
export interface ConversationOptOutEvent extends EventBase {
  event: "conversation.opt_out";
  direction: "inbound";
  data: unknown;
}

/** A conversation passed from one app to another, or its summary for the next owner. */
export interface ConversationHandoverEvent extends EventBase {
  event: "conversation.handover";
  direction: null;
  data: unknown;
}

/** A customer linked an account of yours to the conversation. */
export interface ConversationLinkedEvent extends EventBase {
  event: "conversation.linked";
  direction: "inbound";
  data: unknown;
}

/** A customer took the link to an account of yours back. */
export interface ConversationUnlinkedEvent extends EventBase {
  event: "conversation.unlinked";
  direction: "inbound";
  data: unknown;
}

/** A customer's number or user id changed (previous tells the old one), or the business's address book did. */
export interface ContactUpdatedEvent extends EventBase {
  event: "contact.updated";
  direction: "inbound";
  previous?: Previous;
  data: unknown;
}

/** A call is being set up. */
export interface CallConnectedEvent extends EventBase {
  event: "call.connected";
  direction: "inbound" | "outbound";
  call: Call;
  data: unknown;
}

/** A call ended. */
export interface CallTerminatedEvent extends EventBase {
  event: "call.terminated";
  direction: "inbound" | "outbound";
  call: Call;
  data: unknown;
}

/** Something else about a call, in call.status. */
export interface CallStatusEvent extends EventBase {
  event: "call.status";
  direction: "inbound" | "outbound";
  call: Call;
  data: unknown;
}

/** A customer answered whether the business may call. */
export interface CallPermissionEvent extends EventBase {
  event: "call.permission";
  direction: "inbound";
  call: Call;
  data: unknown;
}

/** Someone commented on a post, a reel or a live video. */
export interface CommentCreatedEvent extends EventBase {
  event: "comment.created";
  direction: "inbound" | "outbound";
  comment: Comment;
  data: unknown;
}

/** Someone mentioned the page or account. */
export interface MentionCreatedEvent extends EventBase {
  event: "mention.created";
  direction: "inbound" | "outbound";
  comment?: Comment;
  data: unknown;
}

/** Something else about posts: a reaction, a rating, an edit, figures. */
export interface FeedUpdatedEvent extends EventBase {
  event: "feed.updated";
  direction: "inbound" | "outbound";
  data: unknown;
}

/** Someone filled in a lead form; Meta tells its ids only. */
export interface LeadCreatedEvent extends EventBase {
  event: "lead.created";
  direction: "inbound";
  data: unknown;
}

/** A customer's payment of an order changed its state. */
export interface PaymentUpdatedEvent extends EventBase {
  event: "payment.updated";
  direction: "inbound";
  data: unknown;
}

/** A link in a marketing message was clicked. */
export interface ClickRecordedEvent extends EventBase {
  event: "click.recorded";
  direction: "inbound";
  data: unknown;
}

/** A group, its settings or its participants changed. */
export interface GroupUpdatedEvent extends EventBase {
  event: "group.updated";
  direction: null;
  data: unknown;
}

/** A message template's status, quality, category or content changed. */
export interface TemplateUpdatedEvent extends EventBase {
  event: "template.updated";
  direction: null;
  data: unknown;
}

/** The number or page itself: its name, quality, settings, security, username, errors, or the progress of its history. */
export interface ChannelUpdatedEvent extends EventBase {
  event: "channel.updated";
  direction: null;
  data: unknown;
}

/** The account behind it: its review, restrictions, partners and limits. */
export interface AccountUpdatedEvent extends EventBase {
  event: "account.updated";
  direction: null;
  data: unknown;
}

/** A flow's status or health changed. */
export interface FlowUpdatedEvent extends EventBase {
  event: "flow.updated";
  direction: null;
  data: unknown;
}

/** Something that has no event type yet. data is Meta's own object, so that nothing is lost. */
export interface UnknownEvent extends EventBase {
  event: "unknown";
  direction: null;
  data: unknown;
}

/** One of Meta's three messaging products. */
export type Platform = "whatsapp" | "messenger" | "instagram";

/** What happened. */
export type EventType = "message.received" | "message.echo" | "message.edited" | "message.deleted" | "message.reaction" | "message.sent" | "message.delivered" | "message.read" | "message.played" | "message.failed" | "message.status" | "conversation.referral" | "conversation.opt_in" | "conversation.opt_out" | "conversation.handover" | "conversation.linked" | "conversation.unlinked" | "contact.updated" | "call.connected" | "call.terminated" | "call.status" | "call.permission" | "comment.created" | "mention.created" | "feed.updated" | "lead.created" | "payment.updated" | "click.recorded" | "group.updated" | "template.updated" | "channel.updated" | "account.updated" | "flow.updated" | "unknown";

/** Present where Meta gave no usable time. */
export type TimestampSource = "received";

/** Whose doing it is: `inbound` the customer's, `outbound` the business's. */
export type Direction = "inbound" | "outbound";

/** The customer, whichever the direction. */
export interface Contact {
  /** E.164. */
  phone: string | null;
  /** WhatsApp's own form of the number, digits only: what to reply to. */
  wa_id: string | null;
  /** The business-scoped, page-scoped or Instagram-scoped id. */
  user_id: string | null;
  parent_user_id?: string;
  /** Without a leading @. */
  username: string | null;
  name: string | null;
}

/** The number, page or account of yours. */
export interface Channel {
  id: string;
  /** Meta's `phone_number_id`, page id or Instagram account id. */
  external_id: string;
  name: string;
}

/** What was written, sent, tapped or withdrawn. */
export interface Message {
  /** Meta's id of the message. Null where Meta gives none. */
  id: string | null;
  type: MessageType;
  /** The text, the caption, or the visible title of what was tapped. */
  body: string | null;
  media?: Media[];
  reply_to?: ReplyTo;
  forwarded?: Forwarded;
  reply?: Reply;
  location?: Location;
  /** Meta's contact cards, each phone of them also as `e164`. */
  contacts?: unknown[];
  reaction?: Reaction;
  order?: Order;
  referral?: Referral;
  share?: Share;
  errors?: MetaError[];
}

/** What kind of message it is. */
export type MessageType = "text" | "image" | "video" | "audio" | "document" | "sticker" | "location" | "contacts" | "reaction" | "template" | "deleted" | "interactive" | "order" | "system" | "share" | "story" | "unsupported";

/** One file of a message. */
export interface Media {
  id?: string;
  kind: MediaKind;
  /** As Meta has it, possibly with parameters: `audio/ogg; codecs=opus`. */
  mime_type?: string;
  /** Of the content, in lower-case hex. */
  sha256?: string;
  /** As the customer named it: do not trust it as a path. */
  filename?: string;
  /** Bytes. */
  size?: number;
  /** Recorded in the chat, as opposed to a file. */
  voice?: boolean;
  animated?: boolean;
  /** Where you can fetch it without a token of Meta's. */
  url?: string;
  /** Seconds since the epoch; after that the API gives a new one: `/api/v1/events/{id}/media`. */
  url_expires_at?: number;
}

export type MediaKind = "image" | "video" | "audio" | "document" | "sticker";

/** What the message answers. */
export interface ReplyTo {
  message_id?: string;
  /** Who wrote the quoted message, as an address. */
  from?: string;
  story?: Story;
  /** A product of a catalogue, as Meta has it. */
  product?: unknown;
}

/** A story of the account's that was answered. */
export interface Story {
  id: string | null;
  url: string | null;
}

/** How often a message was passed on: `many` is Meta's "frequently forwarded". */
export type Forwarded = "once" | "many";

/** A tap or a form. */
export interface Reply {
  kind: ReplyKind;
  /** What you gave the button or row: its id or payload. */
  id?: string;
  title?: string;
  description?: string;
  /** The answer of a form, parsed; or what else Meta tells of the tap. */
  data?: unknown;
  /** An answer that was to be a JSON object, but is not. */
  data_text?: string;
}

/** What was tapped or filled in. */
export type ReplyKind = "button" | "list" | "quick_reply" | "postback" | "flow" | "address" | "call_permission" | "payment" | "product";

/** Numbers as Meta printed them. */
export interface Location {
  latitude: number;
  longitude: number;
  name?: string;
  address?: string;
  url?: string;
}

/** An emoji on a message. */
export interface Reaction {
  message_id: string | null;
  /** Null when removed, or where Meta names only the kind of reaction. */
  emoji: string | null;
  action: ReactionAction;
}

export type ReactionAction = "added" | "removed";

/** What a customer ordered, or sent as a cart. */
export interface Order {
  catalog_id?: string;
  /** The customer's remark. */
  text?: string;
  items: OrderItem[];
}

/** One product of an order. */
export interface OrderItem {
  /** Your own id of the product, in the catalogue. */
  product_id: string | null;
  quantity: number | null;
  /** A decimal as Meta printed it: do not compute with it as a float. */
  price: string | null;
  currency: string | null;
}

/** The advertisement, link or product that brought the customer. */
export interface Referral {
  /** Meta's word for what it was, such as `ad`, `ADS` or `SHORTLINK`. */
  source?: string;
  source_id?: string;
  source_url?: string;
  headline?: string;
  body?: string;
  /** What you put into the link. Anyone may have written it. */
  ref?: string;
  ctwa_clid?: string;
  ad_id?: string;
  media_url?: string;
}

/** A shared post, reel, story, page or template. */
export interface Share {
  /** Meta's word for it, such as `ig_post` or `story_mention`. */
  kind: string;
  id?: string;
  title?: string;
  url?: string;
}

/** One of Meta's errors. */
export interface MetaError {
  code?: number;
  title?: string;
  message?: string;
  details?: string;
  /** Where Meta explains the code. */
  href?: string;
}

/** The notice of an edit; `message.id` is the edited message. */
export interface Edit {
  /** Of the notice itself. Messenger and Instagram give it none. */
  message_id?: string;
  /** How often the message was edited, where Meta counts. */
  number?: number;
}

/** What became of a message of the business. */
export interface Status {
  /** Null where Meta names no message: then it holds for all up to `watermark_at`. */
  message_id: string | null;
  /** Meta's word. */
  status: string;
  /** Grows along sent, delivered, read, played: ignore a status of a lower rank than one that you have seen. */
  rank: number;
  errors?: MetaError[];
  /** As Meta has it. */
  pricing?: unknown;
  /** As Meta has it. */
  conversation?: unknown;
  /** What you gave the message when you sent it. */
  callback_data?: string;
  /** Whose status it is in a group, as an address. */
  participant?: string;
  /** Seconds since the epoch: everything sent until then. */
  watermark_at?: number;
}

/** A call, or the permission to make one. */
export interface Call {
  /** Meta's id of the call. Null for a permission. */
  id: string | null;
  /** Meta's word in lower case, such as `completed`, `ringing` or `accept`. */
  status?: string;
  /** Who called: Meta's word in lower case, `user_initiated` or `business_initiated`. */
  direction?: string;
  errors?: MetaError[];
}

/** A comment on something public. */
export interface Comment {
  id: string | null;
  /** Null where it is a picture or a sticker only. */
  body: string | null;
  /** The comment that it answers. */
  parent_id?: string;
  /** The post, reel or live video. */
  post_id?: string;
}

/** What a changed contact was known by before. */
export interface Previous {
  /** E.164. */
  phone?: string;
  user_id?: string;
}

/** This delivery of the event. It is the only part that differs between attempts. */
export interface Delivery {
  /** Counts from 1. */
  attempt: number;
  /** Milliseconds from our accepting the webhook to sending this attempt. */
  latency_ms: number;
  /** True when a person or a drain asked for this attempt. */
  replay: boolean;
}
