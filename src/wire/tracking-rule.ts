/**
 * Conntrack sleeps in a fresh network namespace until a rule needs it. This file owns the one nf_tables batch that wakes it: a
 * table, a chain on the output hook and a rule with the single expression `ct state`, without a verdict (nf_tables_api.c, nft_ct.c;
 * numbers from include/uapi/linux/netfilter/nf_tables.h).
 */
import {
  attribute,
  message,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_REQUEST,
  nest,
  nfgenmsg,
  text,
  uint32,
} from "./netlink-message.js";

const NFNL_MSG_BATCH_BEGIN = 0x10;
const NFNL_MSG_BATCH_END = 0x11;
const NFNL_SUBSYS_NFTABLES = 10;
const NFPROTO_INET = 1;
const NF_INET_LOCAL_OUT = 3;

const NFT_MSG_NEWTABLE = 0;
const NFT_MSG_NEWCHAIN = 3;
const NFT_MSG_NEWRULE = 6;

const NFTA_TABLE_NAME = 1;
const NFTA_CHAIN_TABLE = 1;
const NFTA_CHAIN_NAME = 3;
const NFTA_CHAIN_HOOK = 4;
const NFTA_CHAIN_TYPE = 7;
const NFTA_HOOK_HOOKNUM = 1;
const NFTA_HOOK_PRIORITY = 2;
const NFTA_RULE_TABLE = 1;
const NFTA_RULE_CHAIN = 2;
const NFTA_RULE_EXPRESSIONS = 4;
const NFTA_LIST_ELEM = 1;
const NFTA_EXPR_NAME = 1;
const NFTA_EXPR_DATA = 2;
const NFTA_CT_DREG = 1;
const NFTA_CT_KEY = 2;
const NFT_REG_1 = 1;
const NFT_CT_STATE = 0;

const TABLE = text("ct-reliable");
const CHAIN = text("output");

/** The batch, one datagram. Its three requests are acknowledged as first, first + 1 and first + 2. */
export function trackingRuleBatch(first: number): Buffer {
  const request = (command: number, sequence: number, ...attributes: Buffer[]): Buffer =>
    message(
      {
        type: (NFNL_SUBSYS_NFTABLES << 8) | command,
        flags: NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE,
        sequence,
      },
      nfgenmsg(NFPROTO_INET, 0, 0),
      ...attributes,
    );
  const border = (type: number): Buffer =>
    message({ type, flags: NLM_F_REQUEST, sequence: 0 }, nfgenmsg(0, 0, NFNL_SUBSYS_NFTABLES));
  return Buffer.concat([
    border(NFNL_MSG_BATCH_BEGIN),
    request(NFT_MSG_NEWTABLE, first, attribute(NFTA_TABLE_NAME, TABLE)),
    request(
      NFT_MSG_NEWCHAIN,
      first + 1,
      attribute(NFTA_CHAIN_TABLE, TABLE),
      attribute(NFTA_CHAIN_NAME, CHAIN),
      nest(
        NFTA_CHAIN_HOOK,
        attribute(NFTA_HOOK_HOOKNUM, uint32(NF_INET_LOCAL_OUT)),
        attribute(NFTA_HOOK_PRIORITY, uint32(0)),
      ),
      attribute(NFTA_CHAIN_TYPE, text("filter")),
    ),
    request(
      NFT_MSG_NEWRULE,
      first + 2,
      attribute(NFTA_RULE_TABLE, TABLE),
      attribute(NFTA_RULE_CHAIN, CHAIN),
      nest(
        NFTA_RULE_EXPRESSIONS,
        nest(
          NFTA_LIST_ELEM,
          attribute(NFTA_EXPR_NAME, text("ct")),
          nest(
            NFTA_EXPR_DATA,
            attribute(NFTA_CT_DREG, uint32(NFT_REG_1)),
            attribute(NFTA_CT_KEY, uint32(NFT_CT_STATE)),
          ),
        ),
      ),
    ),
    border(NFNL_MSG_BATCH_END),
  ]);
}

export const TRACKING_RULE_REQUESTS = 3;
