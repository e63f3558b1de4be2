export { assertAccountResource } from './accounts';
export {
  assertCreateRequest,
  assertListRequest,
  assertMessageList,
  assertMessageResource,
  assertUpdateRequest,
  messageStatuses,
} from './messages';
export { assertExchange, type Exchange } from './operations';
