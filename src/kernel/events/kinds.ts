/**
 * The kinds of message of ctnetlink, which at the same time are the groups NFNLGRP_CONNTRACK_NEW, _UPDATE and _DESTROY
 * that a listener joins.
 */
import { EVENT_GROUPS, type EventGroup } from "../../scenario/scenario.js";

export const KIND_NEW = 0;
export const KIND_UPDATE = 1;
export const KIND_DESTROY = 2;
export type MessageKind = typeof KIND_NEW | typeof KIND_UPDATE | typeof KIND_DESTROY;

/** The groups in the order of the kinds. */
export const KIND_GROUPS: readonly EventGroup[] = EVENT_GROUPS;

/** What a socket keeps of the groups that it joined: a bit each. */
export const groupBits = (groups: readonly EventGroup[]): number =>
  groups.reduce((bits, group) => bits | (1 << KIND_GROUPS.indexOf(group)), 0);
