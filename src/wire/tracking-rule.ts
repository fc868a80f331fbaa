/**
 * Conntrack sleeps in a fresh network namespace until a rule needs it. This file owns the one nf_tables batch that
 * wakes it: a table, a chain on the output hook and a rule with the single expression `ct state`, without a verdict
 * (nf_tables_api.c, nft_ct.c; numbers from include/uapi/linux/netfilter/nf_tables.h).
 */
import { NLM_F_ACK, NLM_F_CREATE, NLM_F_REQUEST } from "./netlink.js";
import { NetlinkWriter } from "./netlink-writer.js";

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

const TABLE = "ct-reliable";
const CHAIN = "output";

export const TRACKING_RULE_REQUESTS = 3;

/** The batch, one datagram. Its three requests are acknowledged as first, first + 1 and first + 2. */
export function trackingRuleBatch(first: number): Buffer {
  const writer = new NetlinkWriter();
  const border = (type: number): void => {
    writer.message({ type, flags: NLM_F_REQUEST, sequence: 0 }, () => writer.nfgenmsg(0, 0, NFNL_SUBSYS_NFTABLES));
  };
  const request = (command: number, sequence: number, fill: () => void): void => {
    const type = (NFNL_SUBSYS_NFTABLES << 8) | command;
    writer.message({ type, flags: NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE, sequence }, () => {
      writer.nfgenmsg(NFPROTO_INET);
      fill();
    });
  };
  border(NFNL_MSG_BATCH_BEGIN);
  request(NFT_MSG_NEWTABLE, first, () => writer.putText(NFTA_TABLE_NAME, TABLE));
  request(NFT_MSG_NEWCHAIN, first + 1, () => putChain(writer));
  request(NFT_MSG_NEWRULE, first + 2, () => putRule(writer));
  border(NFNL_MSG_BATCH_END);
  return writer.finish();
}

function putChain(writer: NetlinkWriter): void {
  writer.putText(NFTA_CHAIN_TABLE, TABLE);
  writer.putText(NFTA_CHAIN_NAME, CHAIN);
  writer.nest(NFTA_CHAIN_HOOK, () => {
    writer.putBe32(NFTA_HOOK_HOOKNUM, NF_INET_LOCAL_OUT);
    writer.putBe32(NFTA_HOOK_PRIORITY, 0);
  });
  writer.putText(NFTA_CHAIN_TYPE, "filter");
}

function putRule(writer: NetlinkWriter): void {
  writer.putText(NFTA_RULE_TABLE, TABLE);
  writer.putText(NFTA_RULE_CHAIN, CHAIN);
  writer.nest(NFTA_RULE_EXPRESSIONS, () => {
    writer.nest(NFTA_LIST_ELEM, () => {
      writer.putText(NFTA_EXPR_NAME, "ct");
      writer.nest(NFTA_EXPR_DATA, () => {
        writer.putBe32(NFTA_CT_DREG, NFT_REG_1);
        writer.putBe32(NFTA_CT_KEY, NFT_CT_STATE);
      });
    });
  });
}
