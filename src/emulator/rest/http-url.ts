import { parseUrl } from '../../common/parse-url';

export function isHttpUrl(url: string): boolean {
  return /^https?:\/\//i.test(url) && parseUrl(url) !== undefined;
}
